# Changes deploy/nginx-http.conf and deploy/nginx-site.conf for the container "nginx" of compose.yaml.
# The Dockerfile applies it; tests/clinic/ops/test_compose.py checks that each line still finds its place.

# Two containers serve the site, each on a unix socket in a volume that nginx shares with them. One that is being
# replaced refuses at once, and nginx asks the other; "max_fails=0": it is asked again as soon as it is back.
s|server 127\.0\.0\.1:8000;.*|server unix:/run/clinic/web.sock max_fails=0; server unix:/run/clinic/web2.sock max_fails=0;|

s|PATH/TO/deploy|/etc/nginx/clinic|
s|PATH/TO/fullchain\.pem|/run/secrets/tls_certificate|
s|PATH/TO/privkey\.pem|/run/secrets/tls_key|

# nginx is not root: no port below 1024 (compose.yaml publishes 80 and 443), and it writes in /tmp alone.
s|\(listen .*\)\b80\b|\18080|
s|\(listen .*\)\b443\b|\18443|
s|/var/cache/nginx-clinic|/tmp/cache|

# The container's own log, which "docker compose logs nginx" shows.
s|/var/log/nginx/clinic\.log|/dev/stdout|
s|/var/log/nginx/clinic-error\.log|/dev/stderr|
