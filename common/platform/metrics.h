#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bm::platform {

enum class MetricType { Counter, Gauge, Histogram };

/// What a metric is called, and what its labels are. Names end with their unit (_seconds, _bytes) and,
/// counters, with _total: https://prometheus.io/docs/practices/naming/.
struct MetricSpec {
    std::string name;
    MetricType type = MetricType::Gauge;
    std::string help;
    std::vector<std::string> labels{};
    std::vector<double> buckets{}; ///< upper bounds of a histogram, rising, without +Inf
};

/// One metric: a series per set of label values. Thread-safe; a short lock per change. It keeps at most
/// kMaxSeries series: what comes beyond is counted with every label "other".
class Metric {
public:
    static constexpr std::size_t kMaxSeries = 500;
    using LabelValues = std::vector<std::string>;

    using Values = std::vector<std::pair<LabelValues, double>>;

    explicit Metric(MetricSpec spec);
    void add(const LabelValues& labels, double amount = 1);
    void set(const LabelValues& labels, double value);
    /// These series and no others: those of a gauge that is counted anew.
    void replace(const Values& values);
    void observe(const LabelValues& labels, double value);
    const MetricSpec& spec() const { return spec_; }
    /// Appends "# HELP", "# TYPE" and the series.
    void render(std::string& text) const;

private:
    struct Series {
        double value = 0;                       ///< of a histogram: the sum
        std::vector<std::uint64_t> perBucket{}; ///< not cumulative; the last is +Inf
    };
    Series& series(const LabelValues& labels);

    const MetricSpec spec_;
    mutable std::mutex mutex_{};
    std::map<LabelValues, Series> series_{};
};

/// The metrics of one bmd, in the text format that Prometheus reads. Thread-safe; borrowed by whoever counts.
class Metrics {
public:
    /// The metric of that name, made by the first call: the same in every place that names it.
    Metric& of(const MetricSpec& spec);
    /// Has @p collect called at every scrape, on its thread, to set gauges from what is there now. Before the
    /// first scrape.
    void onScrape(std::function<void()> collect);
    /// Prometheus text format 0.0.4. What a collector throws is logged, its gauges keep their last value.
    std::string render() const;
    /// All that are known, in order of their names.
    std::vector<MetricSpec> specs() const;

    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

private:
    mutable std::mutex mutex_{};
    std::map<std::string, std::unique_ptr<Metric>> metrics_{};
    std::vector<std::function<void()>> collectors_{};
};

/// 1 ms to 10 s, for calls.
std::vector<double> callBuckets();
/// 0.1 s to 2 h, for steps and operations.
std::vector<double> workBuckets();

} // namespace bm::platform
