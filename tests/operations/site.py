"""The clinic's site on several machines: two with a web server and a worker each, a database, mail and a balancer."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from urllib.request import urlopen

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from booking.availability import instant_at
from booking.models import Clinic, Location
from clinic.accounts.second_factor import ADDED_KEY
from clinic.ops.error_page import render_error_page
from tests.operations.balancer import HOST, Certificate, HAProxy
from tests.operations.database import PostgresServer
from tests.operations.network import LOOPBACK, ROOT, Machine, Network, Service, network, wait_until
from tests.operations.people import Browser, Front, Ledger, Load
from tests.proofs import race_site
from tests.proofs.race_people import Wish
from tests.support import factories, mail_server

SITE_URL = f"https://{HOST}"
WEB_WORKERS = 2
PRACTITIONERS = 10
VISIT = timedelta(minutes=30)
STARTS_A_DAY = 20
CONTESTED = 4  # Of so many wishes, one is for a time that somebody else wants, too.


@dataclass
class Host:
    """A machine with the site's web server and worker, and a folder of its own for what they write."""

    machine: Machine
    var: Path
    environment: dict[str, str]
    web: Service | None = None
    worker: Service | None = None
    logs: Path | None = None  # Where the services' logs go; by default into ``var``.

    @property
    def front(self) -> Front:
        """This machine alone: connect to it as its balancer does."""
        return Front(self.machine.address, self.machine.port, None)

    def start_web(self, **environment: str) -> None:
        command = [sys.executable, "-m", "gunicorn", "--config", "clinic/ops/gunicorn.py", "clinic.wsgi"]
        bind = {"BIND": f"{self.machine.address}:{self.machine.port}", "WEB_WORKERS": str(WEB_WORKERS)}
        self.web = self._start(command, bind | environment, "web.log")

    def start_worker(self, **environment: str) -> None:
        self.worker = self._start([sys.executable, "manage.py", "work"], environment, "worker.log")

    def _start(self, command: list[str], environment: dict[str, str], log: str) -> Service:
        return self.machine.start(command, env=self.environment | environment, log=(self.logs or self.var) / log)

    def is_up(self) -> bool:
        """Whether the web server answers, and has all its processes."""
        if self.web is None or len(self.web.children()) < WEB_WORKERS:
            return False
        try:
            with urlopen(f"http://{self.machine.address}:{self.machine.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def wait_until_up(self, seconds: float = 60) -> float:
        return wait_until(self.is_up, seconds=seconds, what=f"{self.machine.name} is up, see {self.var}/web.log")

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted((self.logs or self.var).glob("*.log")))


@dataclass
class Site:
    """All of it. ``wishes()`` gives times that nobody has wished for yet."""

    folder: Path
    network: Network
    database: PostgresServer
    mail: mail_server.MailServer
    certificate: Certificate
    hosts: list[Host]
    balancer: HAProxy
    staff_cookies: dict[str, str] = field(default_factory=dict)
    clock_ahead: float = 0.0  # Seconds by which the machines' clocks are ahead of the real time.
    wished: int = 0

    @property
    def front(self) -> Front:
        return Front("127.0.0.1", self.balancer.port, self.certificate.trusted())

    def wishes(self, count: int) -> list[list[Wish]]:
        """For each booking, the times that its patient tries: sometimes first one that somebody else wants, too."""
        place = Location.objects.get()
        first_on = timezone.now().astimezone(place.zone).date() + timedelta(days=3)

        def wish(number: int) -> Wish:
            turn, person = divmod(number, PRACTITIONERS)
            day, start = divmod(turn, STARTS_A_DAY)
            opens = instant_at(first_on + timedelta(days=day), time(8), place.zone)
            return Wish("short", f"person-{person}", opens + start * VISIT)

        own = [wish(self.wished + number) for number in range(2 * count)]
        self.wished += 2 * count
        return [
            [*([own[number - 1]] if number % CONTESTED == CONTESTED - 1 else []), own[number], own[count + number]]
            for number in range(count)
        ]

    def load(self, bookings: int, *, patients: int = 10) -> Load:
        return Load(self.front, self.wishes(bookings), patients=patients, staff_cookies=self.staff_cookies)

    def browser(self, host: Host, address: str, who: str = "visitor", **cookies: str) -> Browser:
        """A browser that connects to one machine."""
        return Browser(host.front, address, Ledger(), who, dict(cookies))

    def staff_browser(self, host: Host) -> Browser:
        """The browser of the front desk, whose session may get a new cookie."""
        return Browser(host.front, "127.3.0.1", Ledger(), "staff", self.staff_cookies)

    def is_healthy(self) -> bool:
        return all(host.is_up() and host.worker and host.worker.is_running for host in self.hosts)

    def log(self) -> str:
        return "\n".join(f"{host.machine.name}:\n{host.log()}" for host in self.hosts)


@contextmanager
def running(folder: Path) -> Iterator[Site]:
    """Start everything with a new database, which the caller's models use, too. The machines share a media folder."""
    with ExitStack() as stack:
        net = stack.enter_context(network("web1", "web2"))
        certificate = Certificate(folder, net.address, "127.0.0.1")
        tls = None if net.kind == LOOPBACK else certificate.presented()
        mail = stack.enter_context(mail_server.running(net.address, tls))
        database = PostgresServer(address=net.address, clients=net.machine_addresses)
        stack.callback(database.close)
        database.start()
        database.create("clinic")
        (folder / "media").mkdir()
        url = database.url("clinic")
        hosts = [make_host(machine, folder, net, mail, certificate, url) for machine in net.machines]
        stack.enter_context(race_site.connected(database.url("clinic", address="127.0.0.1")))
        with ThreadPoolExecutor(1) as other:  # The longest step, beside the migrations.
            files = other.submit(race_site.build_files, folder)
            cookies = make_clinic(hosts[0].environment)
            files.result()
        for host in hosts:
            shutil.copytree(folder / "static", host.var / "static", copy_function=os.link, dirs_exist_ok=True)
            host.start_web()
        for host in hosts:
            host.wait_until_up()
            host.start_worker()
        page = render_error_page(Clinic.objects.get())
        balancer = HAProxy(folder, net.machines, certificate, page=page)
        stack.callback(balancer.close)
        balancer.start()
        site = Site(folder, net, database, mail, certificate, hosts, balancer, cookies)
        site.clock_ahead = float(hosts[0].environment["TEST_CLOCK_AHEAD"])
        try:
            yield site
        except BaseException:
            print(site.log()[-20_000:])
            raise


def make_host(
    machine: Machine,
    folder: Path,
    net: Network,
    mail: mail_server.MailServer,
    certificate: Certificate,
    url: str,
) -> Host:
    var = folder / machine.name
    var.mkdir(mode=0o700)
    environment = race_site.site_environment(var) | {
        "DATABASE_URL": url,
        "SITE_URL": SITE_URL,
        "EMAIL_URL": f"smtp://{mail.address}:{mail.port}",
        "SSL_CERT_FILE": str(certificate.chain),
        "TRUSTED_PROXIES": net.address,
        "CONFIRMATION_DELAY_SECONDS": "0",
        "MEDIA_ROOT": str(folder / "media"),
        "PYTHONUNBUFFERED": "1",
    }
    return Host(machine, var, environment)


def make_clinic(environment: dict[str, str]) -> dict[str, str]:
    """Migrate, load the sample clinic, add practitioners with many free times. Returns a staff login's cookies."""
    for words in (["migrate"], ["load_sample", "--no-appointments"]):
        command = [sys.executable, "manage.py", *words, "--verbosity=0", "--skip-checks"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    # The visitors of these tests come from loopback addresses, and take every time of a day.
    Clinic.objects.update(own_networks="127.0.0.0/8", unverified_share=100)
    place = Location.objects.get()
    service = factories.make_service(
        slug="short", name="Short", duration=VISIT, step=VISIT, lead_time=timedelta(0), horizon_days=60
    )
    for number in range(PRACTITIONERS):
        person = factories.make_practitioner(
            [service], name=f"Person {number}", slug=f"person-{number}", position=100 + number
        )
        factories.make_hours(person, place, weekdays=range(7), start_time=time(8), end_time=time(20))
    return log_in()


def log_in(name: str = "desk") -> dict[str, str]:
    """Return the cookies of an owner who has logged in with a second step, which an https site requires."""
    user = get_user_model().objects.create_superuser(name)
    factor = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "not used"})
    client = Client()
    client.force_login(user)
    session = client.session
    session[ADDED_KEY] = [factor.pk]
    session.save()
    return {"__Host-session": str(session.session_key)}


def run_command(host: Host, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of manage.py on that machine."""
    prefix = ["ip", "netns", "exec", host.machine.namespace] if host.machine.namespace else []
    return subprocess.run(
        [*prefix, sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=host.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
