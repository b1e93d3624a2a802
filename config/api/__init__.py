"""The API's house rules, which the settings name: errors, permissions, pages, strictness."""
