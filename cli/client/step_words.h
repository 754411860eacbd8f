#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// "deploy.burnin_memory,seconds=3600" to {"interface": "deploy", "step": "burnin_memory", "args":
/// {"seconds": 3600}}; a word without a dot is one that every interface has (hold, wait, reboot ...). @throws
/// Error InvalidInput
nlohmann::json stepOf(const std::string& word);
/// Those of @p words, then those of @p file (a JSON list, as in Ironic's clean_steps; "" none).
/// @throws Error InvalidInput, NotFound
nlohmann::json stepsOf(const std::vector<std::string>& words, const std::string& file);

} // namespace bm::cli
