#pragma once
#include "api/core/request_values.h"
#include "common/wire/resources/resource_shape.h"

#include <optional>
#include <string>

namespace bm::api {

/// The fields of an answer: ?fields=, else all (@p detail, or ?detail=), else the summary.
/// @throws Error InvalidInput, NotAcceptable
template <class T>
typename wire::ResourceShape<T>::Fields fieldsOf(const wire::ResourceShape<T>& shape,
                                                 const http::Request& request, bool detail)
{
    const wire::Version version = versionOf(request);
    if (const std::optional<std::string> fields = requestedFields(request))
        return shape.selection(*fields, version);
    return detail || detailWanted(request) ? shape.detail(version) : shape.summary(version);
}

} // namespace bm::api
