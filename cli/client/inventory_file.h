#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// Reads an inventory in the format of Ironic's `baremetal create` ({"nodes": [{..., "ports": [...]}]}, YAML
/// or JSON). Values keep their type: quoted ones are texts. A node's ipmi_password_file is read and becomes
/// its ipmi_password.
/// @throws Error InvalidInput with file, line and column; NotFound
nlohmann::json readInventory(const std::string& file);
/// The same of a text; @p name is for messages.
nlohmann::json parseInventory(const std::string& text, const std::string& name);

} // namespace bm::cli
