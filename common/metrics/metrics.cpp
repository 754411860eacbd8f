#include "common/metrics/metrics.h"

#include "common/model/error.h"
#include "common/platform/log.h"

#include <algorithm>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/text_serializer.h>
#include <variant>

namespace bm::metrics {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::MetricFamily;

/// prometheus-cpp escapes label values, but not the help text.
std::string escapedHelp(std::string_view help)
{
    std::string text;
    for (const char c : help)
        text += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : std::string(1, c);
    return text;
}

prometheus::MetricType typeOf(MetricType type)
{
    if (type == MetricType::Counter)
        return prometheus::MetricType::Counter;
    return type == MetricType::Gauge ? prometheus::MetricType::Gauge : prometheus::MetricType::Histogram;
}

/// The library's family of one metric and its series by label values.
template <class Kind> struct Series {
    explicit Series(const MetricSpec& spec) : family(spec.name, escapedHelp(spec.help), {}) {}
    Family<Kind> family;
    std::map<Metric::LabelValues, Kind*> all{}; ///< owned by the family
};

} // namespace

struct Metric::State {
    using Kinds = std::variant<Series<Counter>, Series<Gauge>, Series<Histogram>>;
    explicit State(const MetricSpec& given) : spec(given)
    {
        if (given.type == MetricType::Counter)
            kinds.emplace<Series<Counter>>(given);
        if (given.type == MetricType::Gauge)
            kinds.emplace<Series<Gauge>>(given);
    }

    template <class Kind> Kind& series(const LabelValues& labels);
    MetricFamily collect();

    const MetricSpec& spec;
    std::mutex mutex{};
    Kinds kinds{std::in_place_type<Series<Histogram>>, spec};
};

/// Under the lock.
template <class Kind> Kind& Metric::State::series(const LabelValues& labels)
{
    BM_ASSERT(labels.size() == spec.labels.size() && std::holds_alternative<Series<Kind>>(kinds));
    auto& [family, all] = std::get<Series<Kind>>(kinds);
    auto found = all.find(labels);
    if (found == all.end()) {
        const LabelValues& kept = all.size() >= kMaxSeries ? LabelValues(labels.size(), "other") : labels;
        found = all.try_emplace(kept, nullptr).first;
    }
    if (found->second == nullptr) {
        prometheus::Labels named;
        for (std::size_t i = 0; i < labels.size(); ++i)
            named[spec.labels[i]] = found->first[i];
        if constexpr (std::is_same_v<Kind, Histogram>)
            found->second = &family.Add(named, spec.buckets);
        else
            found->second = &family.Add(named);
    }
    return *found->second;
}

MetricFamily Metric::State::collect()
{
    const std::lock_guard lock(mutex);
    std::vector<MetricFamily> families = std::visit([](auto& one) { return one.family.Collect(); }, kinds);
    MetricFamily family{spec.name, escapedHelp(spec.help), typeOf(spec.type), {}};
    if (!families.empty()) // the library leaves out a family without series
        family = std::move(families.front());
    std::ranges::sort(family.metric, {}, &prometheus::ClientMetric::label);
    return family;
}

Metric::Metric(MetricSpec spec) : spec_(std::move(spec)), state_(std::make_unique<State>(spec_)) {}

Metric::~Metric() = default;

void Metric::add(const LabelValues& labels, double amount)
{
    const std::lock_guard lock(state_->mutex);
    if (spec_.type == MetricType::Gauge)
        state_->series<Gauge>(labels).Increment(amount);
    else
        state_->series<Counter>(labels).Increment(amount);
}

void Metric::set(const LabelValues& labels, double value)
{
    const std::lock_guard lock(state_->mutex);
    if (spec_.type == MetricType::Gauge) {
        state_->series<Gauge>(labels).Set(value);
        return;
    }
    Counter& counter = state_->series<Counter>(labels);
    counter.Increment(std::max(0.0, value - counter.Value()));
}

void Metric::replace(const Values& values)
{
    const std::lock_guard lock(state_->mutex);
    auto& [family, all] = std::get<Series<Gauge>>(state_->kinds);
    for (const auto& [labels, gauge] : all)
        family.Remove(gauge);
    all.clear();
    for (const auto& [labels, value] : values)
        state_->series<Gauge>(labels).Increment(value);
}

void Metric::observe(const LabelValues& labels, double value)
{
    const std::lock_guard lock(state_->mutex);
    state_->series<Histogram>(labels).Observe(value);
}

Metric& Metrics::of(const MetricSpec& spec)
{
    const std::lock_guard lock(mutex_);
    auto& place = metrics_[spec.name];
    if (!place) {
        place = std::make_unique<Metric>(spec);
        if (spec.labels.empty() && spec.type != MetricType::Histogram)
            place->add({}, 0); // there from the start
    }
    BM_ASSERT(place->spec().labels == spec.labels && place->spec().type == spec.type);
    return *place;
}

void Metrics::onScrape(std::function<void()> collect)
{
    const std::lock_guard lock(mutex_);
    collectors_.push_back(std::move(collect));
}

std::string Metrics::render() const
{
    std::vector<std::function<void()>> collectors;
    {
        const std::lock_guard lock(mutex_);
        collectors = collectors_;
    }
    for (const std::function<void()>& collect : collectors) {
        try {
            collect();
        } catch (const std::exception& error) {
            platform::logWarning("metrics", "{}", error.what());
        }
    }
    std::vector<prometheus::MetricFamily> families;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [name, metric] : metrics_)
            families.push_back(metric->state_->collect());
    }
    return prometheus::TextSerializer().Serialize(families);
}

std::vector<MetricSpec> Metrics::specs() const
{
    std::vector<MetricSpec> all;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, metric] : metrics_)
        all.push_back(metric->spec());
    return all;
}

std::vector<double> callBuckets()
{
    return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

std::vector<double> workBuckets()
{
    return {0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200};
}

} // namespace bm::metrics
