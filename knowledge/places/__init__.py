"""Places people type, and the districts points lie in.  `build` makes the data files; see NOTICE for where they come from."""

from knowledge.places.gazetteer import Place, Places, load

__all__ = ["Place", "Places", "load"]
