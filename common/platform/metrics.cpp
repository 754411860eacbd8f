#include "common/platform/metrics.h"

#include "common/model/error.h"
#include "common/platform/log.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace bm::platform {
namespace {

std::string_view toText(MetricType type)
{
    switch (type) {
    case MetricType::Counter:
        return "counter";
    case MetricType::Gauge:
        return "gauge";
    case MetricType::Histogram:
        return "histogram";
    }
    __builtin_unreachable();
}

std::string escaped(std::string_view text, bool quotes)
{
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\\\";
        else if (c == '\n')
            result += "\\n";
        else if (c == '"' && quotes)
            result += "\\\"";
        else
            result += c;
    }
    return result;
}

std::string number(double value)
{
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

/// {a="x",b="y"}, with @p more appended; "" when there is nothing.
std::string labelText(const std::vector<std::string>& names, const std::vector<std::string>& values,
                      const std::string& more = {})
{
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i)
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", names[i], escaped(values[i], true));
    if (!more.empty())
        text += (text.empty() ? "" : ",") + more;
    return text.empty() ? text : "{" + text + "}";
}

} // namespace

Metric::Metric(MetricSpec spec) : spec_(std::move(spec)) {}

/// Under the lock.
Metric::Series& Metric::series(const LabelValues& labels)
{
    BM_ASSERT(labels.size() == spec_.labels.size());
    auto found = series_.find(labels);
    if (found == series_.end()) {
        const bool full = series_.size() >= kMaxSeries;
        found = series_.try_emplace(full ? LabelValues(labels.size(), "other") : labels).first;
        if (spec_.type == MetricType::Histogram && found->second.perBucket.empty())
            found->second.perBucket.resize(spec_.buckets.size() + 1);
    }
    return found->second;
}

void Metric::add(const LabelValues& labels, double amount)
{
    const std::lock_guard lock(mutex_);
    series(labels).value += amount;
}

void Metric::set(const LabelValues& labels, double value)
{
    const std::lock_guard lock(mutex_);
    series(labels).value = value;
}

void Metric::replace(const Values& values)
{
    const std::lock_guard lock(mutex_);
    series_.clear();
    for (const auto& [labels, value] : values)
        series(labels).value += value;
}

void Metric::observe(const LabelValues& labels, double value)
{
    const auto bucket = std::lower_bound(spec_.buckets.begin(), spec_.buckets.end(), value);
    const std::lock_guard lock(mutex_);
    Series& to = series(labels);
    to.value += value;
    ++to.perBucket.at(static_cast<std::size_t>(bucket - spec_.buckets.begin()));
}

void Metric::render(std::string& text) const
{
    const std::lock_guard lock(mutex_);
    text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", spec_.name, escaped(spec_.help, false), spec_.name,
                        toText(spec_.type));
    for (const auto& [values, one] : series_) {
        const std::string labels = labelText(spec_.labels, values);
        if (spec_.type != MetricType::Histogram) {
            text += fmt::format("{}{} {}\n", spec_.name, labels, number(one.value));
            continue;
        }
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < one.perBucket.size(); ++i) {
            count += one.perBucket[i];
            const std::string bound = i < spec_.buckets.size() ? number(spec_.buckets[i]) : "+Inf";
            text += fmt::format("{}_bucket{} {}\n", spec_.name,
                                labelText(spec_.labels, values, "le=\"" + bound + "\""), count);
        }
        text += fmt::format("{}_sum{} {}\n{}_count{} {}\n", spec_.name, labels, number(one.value), spec_.name,
                            labels, count);
    }
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
            logWarning("metrics", "{}", error.what());
        }
    }
    std::string text;
    const std::lock_guard lock(mutex_);
    for (const auto& [name, metric] : metrics_)
        metric->render(text);
    return text;
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

} // namespace bm::platform
