"""Jobs: long work of a farm, done by a process of its own while people see how far it is."""
