"""How fast is it? Measurements that `make bench` runs; nothing here is part of the site."""
