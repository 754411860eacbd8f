#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

/// Keystone's default roles, each with the rights of those before it.
enum class Role : std::uint8_t { Reader, Member, Manager, Admin };

/// The rights of a request's user: a role of the whole system, or of a project, which sees the nodes that it
/// owns or leases.
struct Grant {
    Role role = Role::Admin;
    std::string project{}; ///< "": the system
    bool ofSystem() const { return project.empty(); }
};

/// "reader", "member", "manager", "admin".
std::string_view toText(Role role) noexcept;
std::optional<Role> roleFromText(std::string_view text) noexcept;

} // namespace bm::model
