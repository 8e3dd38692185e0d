"""Admin of the content app. Importing the modules registers their model admins."""

from content.admin import external_links, menus, notices, pictures, place_maps, search_synonyms  # noqa: F401
from content.admin.editing import page  # noqa: F401
