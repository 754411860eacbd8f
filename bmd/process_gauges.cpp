#include "bmd/process_gauges.h"

#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace bm::bmd {
namespace {

using metrics::MetricType;

double residentBytes()
{
    std::ifstream file("/proc/self/statm");
    double all = 0;
    double resident = 0;
    file >> all >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double cpuSeconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The size of the database and its write-ahead log.
double databaseBytes(const std::filesystem::path& file)
{
    double bytes = 0;
    for (const char* suffix : {"", "-wal"}) {
        std::error_code absent;
        const std::uintmax_t size = std::filesystem::file_size(file.string() + suffix, absent);
        bytes += absent ? 0 : static_cast<double>(size);
    }
    return bytes;
}

} // namespace

void measureProcess(Core& core, const std::filesystem::path& databaseFile)
{
    metrics::Metrics& registry = core.meters.registry;
    registry.of({"bm_build_info", MetricType::Gauge, "1, labelled with the version.", {"version"}})
        .set({BM_VERSION}, 1);
    metrics::Metric& resident =
        registry.of({"process_resident_memory_bytes", MetricType::Gauge, "Memory of bmd in RAM."});
    metrics::Metric& cpu =
        registry.of({"process_cpu_seconds_total", MetricType::Counter, "CPU time of bmd."});
    metrics::Metric& database =
        registry.of({"bm_db_file_bytes", MetricType::Gauge, "The database and its log on disk."});
    metrics::Metric& streams =
        registry.of({"bm_event_streams", MetricType::Gauge, "Clients of event streams."});
    metrics::Metric& delivered =
        registry.of({"bm_events_delivered_total", MetricType::Counter, "Events sent to event streams."});
    registry.onScrape([&, databaseFile] {
        resident.set({}, residentBytes());
        cpu.set({}, cpuSeconds());
        database.set({}, databaseBytes(databaseFile));
        streams.set({}, static_cast<double>(core.events.subscribers()));
        delivered.set({}, static_cast<double>(core.events.delivered()));
    });
}

} // namespace bm::bmd
