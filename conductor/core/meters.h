#pragma once
#include "common/metrics/metrics.h"
#include "common/model/error.h"
#include "common/model/operation.h"

#include <chrono>
#include <string_view>

namespace bm::conductor {

/// The metrics of bmd; a test compares docs/metrics.md with them. Thread-safe.
class Meters {
public:
    Meters();
    metrics::Metrics registry{}; ///< first: the others live in it

    void operationEnded(const model::Operation& operation);
    /// @p outcome: done, failed or aborted
    void stepEnded(const model::Step& step, std::string_view outcome);
    void written(std::int64_t before,
                 std::int64_t after); ///< bytes of an image on a disk, if more than before
    /// @param code  the error's; "" for success
    void bmcCall(std::chrono::milliseconds took, std::string_view code);
    void commit(std::size_t units, std::chrono::microseconds took);
    void request(std::string_view listener, std::string_view method, std::string_view route, int status,
                 std::chrono::microseconds took);
    void webhookPost(bool taken);

private:
    metrics::Metric& operations_;
    metrics::Metric& operationSeconds_;
    metrics::Metric& stepSeconds_;
    metrics::Metric& diskBytes_;
    metrics::Metric& bmcSeconds_;
    metrics::Metric& bmcErrors_;
    metrics::Metric& commitSeconds_;
    metrics::Metric& commitUnits_;
    metrics::Metric& requests_;
    metrics::Metric& requestSeconds_;
    metrics::Metric& webhookPosts_;
};

} // namespace bm::conductor
