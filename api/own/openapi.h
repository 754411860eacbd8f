#pragma once
#include <string>
#include <vector>

namespace bm::api {

/// The OpenAPI 3.1 document of @p routes ("GET /v1/nodes/{ident}", as Router::routes() gives them): a path
/// per route, and a schema per resource, drawn from the tables of fields in common/wire: names, types, the
/// microversion that brought them ("x-since"), which of them POST and PATCH take.
std::string openApiDocument(const std::vector<std::string>& routes);

} // namespace bm::api
