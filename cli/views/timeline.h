#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// A node's events as lines: time of day, seconds since the operation began, what happened. Reads of one kind
/// that follow each other (TFTP fetches, retries) are told once with their number; a new operation begins a
/// new paragraph.
std::string renderTimeline(const nlohmann::json& events);
/// Milliseconds since 1970 of "2026-01-02T03:04:05.678+00:00" (or with Z); 0 when it is no time.
std::int64_t millisOf(const std::string& time);

} // namespace bm::cli
