#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// Parses a --step argument: "deploy.burnin_memory,seconds=3600" becomes {"interface": "deploy", "step":
/// "burnin_memory", "args": {"seconds": 3600}}. An argument without a dot names a step of every interface
/// (hold, wait, reboot ...). @throws Error InvalidInput
nlohmann::json stepOf(const std::string& word);
/// Joins the steps of the --step arguments @p words and those of @p file, a JSON list as in Ironic's
/// clean_steps; "" is no file.
/// @throws Error InvalidInput, NotFound
nlohmann::json stepsOf(const std::vector<std::string>& words, const std::string& file);

} // namespace bm::cli
