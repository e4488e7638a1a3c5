"""Addresses of our pages, for whoever leads somebody to one: texts, buttons, codes on paper, the pages themselves."""

CONSOLE = "/console"
ENTER = f"{CONSOLE}/enter/"  # before the token of a link that signs somebody in
