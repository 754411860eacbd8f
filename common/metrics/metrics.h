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

namespace bm::metrics {

enum class MetricType { Counter, Gauge, Histogram };

/// A metric's name, type and labels. Names end with their unit (_seconds, _bytes), names of counters with
/// _total: https://prometheus.io/docs/practices/naming/.
struct MetricSpec {
    std::string name;
    MetricType type = MetricType::Gauge;
    std::string help;
    std::vector<std::string> labels{};
    std::vector<double> buckets{}; ///< upper bounds of a histogram, rising, without +Inf
};

/// One metric: a series per set of label values. Thread-safe; a short lock per change. It keeps at most
/// kMaxSeries series and counts further label values with every label "other".
class Metric {
public:
    static constexpr std::size_t kMaxSeries = 500;
    using LabelValues = std::vector<std::string>;

    using Values = std::vector<std::pair<LabelValues, double>>;

    explicit Metric(MetricSpec spec);
    ~Metric();
    Metric(const Metric&) = delete;
    Metric& operator=(const Metric&) = delete;
    void add(const LabelValues& labels, double amount = 1);
    /// Of a counter: a total that something else counts; a lower total than before changes nothing.
    void set(const LabelValues& labels, double value);
    /// Replaces all series of a gauge; series that are not listed end.
    void replace(const Values& values);
    void observe(const LabelValues& labels, double value);
    const MetricSpec& spec() const { return spec_; }

private:
    friend class Metrics;
    struct State;
    const MetricSpec spec_;
    std::unique_ptr<State> state_;
};

/// The metrics of one bmd, in the text format that Prometheus reads. Thread-safe; its users borrow it.
class Metrics {
public:
    /// The metric of that name, made by the first call: the same in every place that names it.
    Metric& of(const MetricSpec& spec);
    /// Calls @p collect at every scrape, on its thread, before rendering: it sets gauges. Register before the
    /// first scrape.
    void onScrape(std::function<void()> collect);
    /// Prometheus text format 0.0.4, metrics and series in order. A collector's exception is logged; its
    /// gauges keep their last values.
    std::string render() const;
    /// Every metric made so far, in order of their names.
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

} // namespace bm::metrics
