"""The models behind the figures: their data, how well they do, where they fail, which serves."""

from sneakeraug.ui import (
    activation,
    comparison_card,
    conversion_card,
    engine,
    heading,
    mistakes,
    model_card,
)

recommender = engine.recommender()
heading.show("The model behind the figures", recommender.card)
card = model_card.choose(recommender)
model_card.show_identity(card, recommender)
activation.show(card)
conversion_card.show(card)
comparison_card.show(card, recommender.settings.models_dir)
model_card.show_confusion(card)
if card.model_id == recommender.model_id:
    mistakes.show(recommender)
model_card.show_figures(card)
model_card.show_retraining(card)
