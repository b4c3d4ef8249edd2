"""The pages: templates, their texts in each language, and what fills them."""
