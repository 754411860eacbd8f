#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::http {

class Request;

using PathSegments = std::vector<std::string>;         ///< the parts between slashes, without empty ones
using PathParams = std::map<std::string, std::string>; ///< by name

PathSegments segmentsOf(std::string_view path);

/// A path with {parameters}, and a last {rest*}, which takes all further segments.
class PathPattern {
public:
    explicit PathPattern(std::string_view text);
    const std::string& text() const { return text_; }
    /// The parameters when @p path matches.
    std::optional<PathParams> match(const PathSegments& path) const;
    /// Literal segments before parameters, parameters before rests: "/v1/nodes/detail" wins over
    /// "/v1/nodes/{ident}".
    bool moreExact(const PathPattern& other) const;
    /// The path with @p params in place of the parameters.
    std::string filled(const PathParams& params) const;

private:
    std::string text_;
    PathSegments segments_;
};

/// Another address of a resource, without a handler: "/v1/nodes/states/{node}" for "/v1/nodes/{node}/states".
/// A "?name" behind a path stands for an argument of the query: "/v1/nodes/states?node" for
/// "/v1/nodes/{node}/states".
class PathAlias {
public:
    PathAlias(std::string_view alias, std::string_view canonical);
    const PathPattern& pattern() const { return alias_; }
    /// Replaces path and query of @p request by the canonical ones. @return false: the request does not match
    bool apply(Request& request, const PathSegments& path) const;

private:
    PathPattern alias_;
    PathPattern canonical_;
    std::string taken_; ///< argument that becomes a parameter; "" for none
    std::string given_; ///< parameter that becomes an argument; "" for none
};

} // namespace bm::http
