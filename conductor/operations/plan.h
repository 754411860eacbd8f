#pragma once
#include "common/model/operation.h"
#include "common/wire/operation_request.h"

#include <vector>

namespace bm::conductor {

/// The steps of @p operation as rows to store, in the order in which they are done.
/// @param request  the operation's, read
/// @param automatedClean  false: a cleaning without steps of its own has none
std::vector<model::Step> makeSteps(const model::Operation& operation, const wire::OperationRequest& request,
                                   bool automatedClean);

} // namespace bm::conductor
