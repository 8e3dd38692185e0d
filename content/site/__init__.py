"""Parts of every page: menus, notices, page feedback."""
