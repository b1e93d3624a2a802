"""What every service is built on: operations, refusals, quantities, versions."""
