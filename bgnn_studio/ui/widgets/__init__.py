"""Small widgets that know nothing of clouds and models."""
