"""Services at the printer while a run is in progress."""
