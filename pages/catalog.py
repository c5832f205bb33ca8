"""The products alternates come from: browse, find by a photo, take in, take out."""

from sneakeraug.ui import browse, engine, heading, take_in

recommender = engine.recommender()
heading.show("Catalog", recommender.card)
take_in.show_report()
shelves = browse.load_shelves()
wish = browse.ask(shelves)
found = browse.find(shelves, wish, recommender)
browse.show_grid(found)
