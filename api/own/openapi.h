#pragma once
#include <string>
#include <vector>

namespace bm::api {

/// The OpenAPI 3.1 document of @p routes ("GET /v1/nodes/{ident}", as Router::routes() returns them): a path
/// per route and a schema per resource. The schemas come from the field tables in common/wire: names, types,
/// the microversion of each field ("x-since"), and whether POST and PATCH accept it.
std::string openApiDocument(const std::vector<std::string>& routes);

} // namespace bm::api
