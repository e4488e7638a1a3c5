"""Tables, connection and encrypted identities."""
