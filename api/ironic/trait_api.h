#pragma once
#include "api/core/api_parts.h"
#include "api/core/request_values.h"
#include "common/http/router.h"

#include <functional>
#include <string>
#include <vector>

namespace bm::api {

/// PATH/{ident}/traits and PATH/{ident}/traits/{trait} of nodes and runbooks.
class TraitApi {
public:
    explicit TraitApi(const ApiParts& parts) : parts_(parts) {}
    void mount(http::Router& router);

private:
    using Change = std::function<void(std::vector<std::string>&)>;
    /// The kind of resource that has the traits.
    struct Owner {
        std::string path; ///< "/v1/nodes"
        std::string one;  ///< "Node"
        int since;
        TooOld (*tooOld)(http::Method method); ///< the answer to requests with an older version
        std::function<model::JsonText(const std::string& ident)> get;
        /// @return the resource's uuid
        std::function<std::string(const std::string& ident, const std::string& actor, const Change& change)>
            update;
    };
    void mount(http::Router& router, const Owner& owner);
    Owner nodes() const;
    Owner runbooks() const;

    const ApiParts& parts_;
};

} // namespace bm::api
