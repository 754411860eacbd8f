#include "common/metrics/metrics.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace bm::metrics;
using Catch::Matchers::Contains;

TEST_CASE("metrics in Prometheus' text format", "[metrics]")
{
    Metrics metrics;
    SECTION("counters and gauges, with escaped labels")
    {
        const MetricSpec spec{"bm_things_total", MetricType::Counter, "Things\\ by\nkind.", {"kind"}};
        metrics.of(spec).add({"a \"b\"\\\n"});
        metrics.of(spec).add({"a \"b\"\\\n"}, 2);
        metrics.of({"bm_level", MetricType::Gauge, "Level."});
        CHECK(metrics.render() == "# HELP bm_level Level.\n# TYPE bm_level gauge\nbm_level 0\n"
                                  "# HELP bm_things_total Things\\\\ by\\nkind.\n"
                                  "# TYPE bm_things_total counter\n"
                                  "bm_things_total{kind=\"a \\\"b\\\"\\\\\\n\"} 3\n");
    }
    SECTION("histograms, cumulative")
    {
        Metric& took = metrics.of({"bm_s", MetricType::Histogram, "S.", {"x"}, {1, 2.5}});
        took.observe({"y"}, 1);
        took.observe({"y"}, 2);
        took.observe({"y"}, 9);
        const std::string text = metrics.render();
        CHECK_THAT(text, Contains("bm_s_bucket{x=\"y\",le=\"1\"} 1\nbm_s_bucket{x=\"y\",le=\"2.5\"} 2\n"
                                  "bm_s_bucket{x=\"y\",le=\"+Inf\"} 3\n"));
        CHECK_THAT(text, Contains("bm_s_sum{x=\"y\"} 12\n") && Contains("bm_s_count{x=\"y\"} 3\n"));
    }
    SECTION("collectors set gauges at the scrape; one that fails does not disturb the others")
    {
        metrics.onScrape([] { throw std::runtime_error("no database"); });
        metrics.onScrape([&] { metrics.of({"bm_now", MetricType::Gauge, "Now."}).set({}, 7); });
        CHECK_THAT(metrics.render(), Contains("bm_now 7\n"));
    }
    SECTION("label sets are bounded")
    {
        Metric& metric = metrics.of({"bm_many_total", MetricType::Counter, "Many.", {"name"}});
        for (std::size_t i = 0; i < Metric::kMaxSeries + 100; ++i)
            metric.add({std::to_string(i)});
        CHECK_THAT(metrics.render(), Contains("bm_many_total{name=\"other\"} 100\n"));
    }
    SECTION("from many threads")
    {
        Metric& metric = metrics.of({"bm_sum_total", MetricType::Counter, "Sum.", {"t"}});
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 1000; ++i)
                    metric.add({"x"});
            });
        metrics.render();
        for (std::thread& thread : threads)
            thread.join();
        CHECK_THAT(metrics.render(), Contains("bm_sum_total{t=\"x\"} 4000\n"));
    }
}
