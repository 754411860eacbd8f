#pragma once
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

namespace bm::wire {

// meta_data.json of a config drive, as cloud-init reads it (its datasource ConfigDrive, OpenStack's layout).

/// Writes public_keys as an object of name and key, one entry for each key. A client may send an object, a
/// list or a text with a key a line. @param field  names the object in refusals
/// @throws Error InvalidInput
void spreadPublicKeys(nlohmann::json& metaData, const std::string& field);

/// Adds @p keys to public_keys, which spreadPublicKeys() has written, under names that are free. Leaves out
/// keys that are there.
void addPublicKeys(nlohmann::json& metaData, std::span<const std::string> keys);

/// Writes hostname and local-hostname where they are missing: the name that the client gave as hostname,
/// local-hostname or local_hostname, else @p otherwise. (cloud-init copies hostname over local-hostname.)
void completeHostName(nlohmann::json& metaData, const std::string& otherwise);

} // namespace bm::wire
