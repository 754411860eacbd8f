#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// Renders a node's events as lines: time of day, seconds since the operation began, text. Consecutive reads
/// of one kind (TFTP blocks, retries) share a line with their count. Each operation starts a paragraph.
std::string renderTimeline(const nlohmann::json& events);
/// Milliseconds since 1970 of "2026-01-02T03:04:05.678+00:00" (or with Z); 0 when the text is no time.
std::int64_t millisOf(const std::string& time);

} // namespace bm::cli
