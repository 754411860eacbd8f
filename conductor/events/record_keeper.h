#pragma once
#include "conductor/core/context.h"

#include <memory>
#include <stop_token>

namespace bm::conductor {

/// Keeps events, audit log and unknown machines within their limits, once a minute on a thread of its own:
/// - writes one row for each kind of which Context::strangers counted rows instead of storing them;
/// - stores the unknown machines that were noted;
/// - tells Context::strangers when the disk has less space than RecordSettings::reserveBytes, and writes none
///   of both then;
/// - once an hour removes the oldest events and audit records by RecordSettings. Each piece of removed audit
///   records leaves a record "audit.prune".
class RecordKeeper {
public:
    explicit RecordKeeper(Context context);
    ~RecordKeeper();
    void start();
    void stop();
    /// One pass, in this thread.
    void runOnce(const std::stop_token& stop = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
