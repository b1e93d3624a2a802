"""Building blocks of services: operations, refusals, quantities, versions."""
