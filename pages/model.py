"""The model behind the figures: its data, how well it does, where it fails."""

from sneakeraug.ui import engine, heading, model_card

recommender = engine.recommender()
heading.show("The model behind the figures", recommender.card)
model_card.show_identity(recommender)
model_card.show_figures(recommender.card)
model_card.show_limits(recommender.card)
