"""What goes to and comes from a phone, in types: replies, buttons, addresses.  Everybody may import it; it imports nothing."""
