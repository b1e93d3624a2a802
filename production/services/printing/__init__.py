"""What happens at the printer while a run is in progress."""
