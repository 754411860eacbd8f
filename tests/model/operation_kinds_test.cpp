// The table of operation kinds.
#include "common/model/operation_kinds.h"

#include <catch2/catch.hpp>

using namespace bm::model;

TEST_CASE("every kind of operation has one text", "[model][operations]")
{
    for (const OperationKindRow& row : kOperationKinds) {
        INFO(row.text);
        CHECK(toText(row.kind) == row.text);
        CHECK(operationKindFromText(row.text) == row.kind);
    }
    CHECK_FALSE(operationKindFromText("burn"));
}

TEST_CASE("an operation begins by the event that leads on from the node's state", "[model][operations]")
{
    CHECK(beginningEvent(OperationKind::Verify, State::Enroll) == StateEvent::Manage);
    CHECK(beginningEvent(OperationKind::Clean, State::Manageable) == StateEvent::Provide);
    CHECK(beginningEvent(OperationKind::Clean, State::Deleting) == StateEvent::Clean);
    CHECK(beginningEvent(OperationKind::Deploy, State::Available) == StateEvent::Deploy);
    CHECK(beginningEvent(OperationKind::Deploy, State::DeployFailed) == StateEvent::Deploy);
    CHECK(beginningEvent(OperationKind::Deploy, State::Active) == StateEvent::Rebuild);
    CHECK(beginningEvent(OperationKind::Deploy, State::Error) == StateEvent::Rebuild);
    CHECK_FALSE(beginningEvent(OperationKind::Power, State::Active));
    // a refusal from any other state names the usual event
    CHECK(beginningEvent(OperationKind::Clean, State::Active) == StateEvent::Provide);
}

TEST_CASE("a verb begins one kind of operation", "[model][operations]")
{
    CHECK(operationBegunBy(StateEvent::Manage) == OperationKind::Verify);
    CHECK(operationBegunBy(StateEvent::Provide) == OperationKind::Clean);
    CHECK(operationBegunBy(StateEvent::Clean) == OperationKind::Clean);
    CHECK(operationBegunBy(StateEvent::Rebuild) == OperationKind::Deploy);
    CHECK(operationBegunBy(StateEvent::Service) == OperationKind::Service);
    CHECK_FALSE(operationBegunBy(StateEvent::Abort));
    CHECK_FALSE(operationBegunBy(StateEvent::Unhold));
}
