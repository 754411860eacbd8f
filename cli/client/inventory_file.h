#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// Reads an inventory in the format of Ironic's `baremetal create`, YAML with merge keys (<<) or JSON:
/// {"chassis": [{..., "nodes": [...]}], "nodes": [{..., "ports": [...], "portgroups": [{..., "ports":
/// []}]}]}. All lists "nodes" and "chassis" are in the answer, those of all YAML documents as one. Values
/// keep their type; quoted values and secrets are texts. A node's ipmi_password_file is replaced by
/// ipmi_password with the content of that file.
/// @throws Error InvalidInput with file, line and column; NotFound
nlohmann::json readInventory(const std::string& file);
/// Parses the text of an inventory; messages name it @p name.
nlohmann::json parseInventory(const std::string& text, const std::string& name);

} // namespace bm::cli
