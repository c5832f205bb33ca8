"""The products alternates come from: browse, find by a photo, take in, take out."""

from sneakeraug.ui import browse, engine, heading, product_cards, shelves, take_in

recommender = engine.recommender()
heading.show("Catalog", None)
catalogs = shelves.load_shelves()
shelves.introduce(catalogs)
take_in.show_report()
wish = browse.ask(catalogs)
found = browse.find(catalogs, wish, recommender)
browse.show_grid(found)
product_cards.show_duplicates(catalogs)
