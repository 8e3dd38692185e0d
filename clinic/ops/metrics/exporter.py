"""Everything that the site exports, in one registry."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from clinic.ops.metrics.database_figures import DatabaseFigures
from clinic.ops.metrics.folders import count_files


class ProcessCounts(Collector):
    """The sum of what all processes on this machine have counted, those of the site and of the worker."""

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterable[Metric]:
        # Not MultiProcessCollector itself, which reads a single folder.
        return list(MultiProcessCollector.merge(count_files(settings.METRICS_DIR)))


def make_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(ProcessCounts())
    registry.register(DatabaseFigures())
    return registry
