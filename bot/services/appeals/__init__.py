"""Appeals: filed, dispatched, answered, and everything staff does with one."""
