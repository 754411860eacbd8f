#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace bm::wire {

struct PatchStep {
    enum class Op { Add, Replace, Remove };
    Op op = Op::Add;
    std::string path;              ///< as given: "/properties/cpus"
    std::vector<std::string> keys; ///< its parts, unescaped (RFC 6901); never empty
};

/// A JSON patch (RFC 6902) by Ironic's rules: add, replace and remove only, paths below the root, all or
/// nothing.
class JsonPatch {
public:
    /// @throws Error InvalidInput naming the entry
    static JsonPatch parse(const nlohmann::json& body);
    JsonPatch(JsonPatch&&) noexcept;
    JsonPatch& operator=(JsonPatch&&) noexcept;
    ~JsonPatch();

    const std::vector<PatchStep>& steps() const { return steps_; }
    /// Applies all steps in their order to a copy of @p document. A removed
    /// attribute of the resource itself becomes null. @throws Error InvalidInput naming the step that does
    /// not fit
    nlohmann::json applied(const nlohmann::json& document) const;

private:
    JsonPatch();
    std::vector<PatchStep> steps_;
    std::vector<nlohmann::json> values_; ///< by index of steps_; null for remove
};

} // namespace bm::wire
