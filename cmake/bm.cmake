# bm's build rules: flags, one static library per folder, one test program per folder.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  # Paths are relative to the source tree, so that other clones share the compiler cache.
  # ccache settings for precompiled headers; no separate run of the preprocessor.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_DEPEND=1 ${CCACHE})
endif()

include(GNUInstallDirs)
include(CTest)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(LibArchive REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(date REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Net)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
# Its CMake package asks for a web server that bm does not use.
find_library(BM_PROMETHEUS prometheus-cpp-core REQUIRED)
find_library(BM_RE2 re2 REQUIRED) # its .pc file adds -pthread, which the precompiled header was not made with

add_library(bm_flags INTERFACE)
add_library(bm::flags ALIAS bm_flags)
target_compile_options(bm_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
# With optimisation, g++ 12 reports null pointers in std::string when CLI11 splits texts. With precompiled headers,
# which g++ does not treat as system headers, it also reports reads and copies beyond a short std::string.
target_compile_options(bm_flags INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<NOT:$<CONFIG:Debug>>>:-Wno-null-dereference;-Wno-array-bounds;-Wno-stringop-overread;-Wno-stringop-overflow>)
if(BM_WERROR)
  target_compile_options(bm_flags INTERFACE -Werror)
endif()
# Hardening, so that attackers cannot use a crash of a program that reads input from the network. tests/packaging checks
# the ELF files.
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-fcf-protection BM_HAS_CF_PROTECTION) # x86 only
if(NOT BM_SANITIZE AND NOT BM_COVERAGE)
  add_compile_options(-fPIE -fstack-protector-strong -fstack-clash-protection
    $<$<BOOL:${BM_HAS_CF_PROTECTION}>:-fcf-protection>
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(BM_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang") # not for Clang: date.h uses a NaN, which this check reports
    add_compile_options(-fno-sanitize=float-cast-overflow)
  endif()
  target_compile_options(bm_flags INTERFACE -Wno-null-dereference $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
elseif(BM_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  target_compile_options(bm_flags INTERFACE -Wno-null-dereference $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan;-Wno-maybe-uninitialized>)
endif()

if(BM_SANITIZE)
  add_compile_definitions(BM_SANITIZED)
endif()

if(BM_COVERAGE)
  # Without this, gcc writes all counters in the child between fork and exec, which takes 50 ms each time.
  add_compile_options(--coverage -fprofile-update=atomic -fno-builtin-fork -fno-builtin-execve -fno-builtin-execv -fno-builtin-execvp)
  add_link_options(--coverage)
  add_compile_definitions(BM_COVERAGE_FOLDER="${PROJECT_BINARY_DIR}")
  add_library(bm_coverage STATIC ${CMAKE_CURRENT_LIST_DIR}/coverage/dump_at_exit.cpp)
  target_link_options(bm_flags INTERFACE -Wl,--wrap=_exit,--wrap=execv,--wrap=execvp,--undefined=__wrap__exit)
  target_link_libraries(bm_flags INTERFACE bm_coverage)
else() # every build knows this source
  add_library(bm_coverage OBJECT EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/coverage/dump_at_exit.cpp)
endif()

if(BM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Third-party headers, compiled once, and the one object with nlohmann's instances (cmake/precompiled/README.md).
option(BM_PRECOMPILED "Use precompiled headers (off for clang-tidy)" ON)
function(bm_pch_options target) # options that ccache needs from either compiler
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  else()
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()
function(bm_precompile target header source)
  add_library(${target} OBJECT ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/precompiled/${source})
  bm_pch_options(${target})
  target_link_libraries(${target} PRIVATE fmt::fmt nlohmann_json::nlohmann_json bm::flags)
  # Named as in an include, so that CMake writes the same file in every clone.
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_precompile_headers(${target} PRIVATE <cmake/precompiled/${header}>)
endfunction()
function(bm_use_precompiled target from)
  # Poco's targets add definitions that the precompiled header lacks.
  get_target_property(linked ${target} LINK_LIBRARIES)
  if(BM_PRECOMPILED AND NOT "${linked}" MATCHES "Poco::")
    bm_pch_options(${target})
    target_precompile_headers(${target} REUSE_FROM ${from})
    target_link_libraries(${target} PRIVATE bm_json)
  endif()
endfunction()
if(BM_PRECOMPILED)
  bm_precompile(bm_pch common.h json_instances.cpp)
  bm_precompile(bm_test_pch tests.h nothing.cpp)
  add_library(bm_json STATIC $<TARGET_OBJECTS:bm_pch>)
endif()

# Compiles several files as one translation unit in release builds (docs/adr/0057). Files with equal names in unnamed
# namespaces (kSector, kRefusal ...) remain separate: BM_APART in their CMakeLists.txt.
option(BM_UNITY "Compile the files of a folder together" OFF)
function(bm_together target)
  if(BM_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
    # In a unity build g++ treats a file's unnamed namespace like a header's. It also inlines more and then reports
    # unset members in date.h.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage;-Wno-maybe-uninitialized>)
    set_source_files_properties(${BM_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# bm_library(common/model SOURCES a.cpp b.cpp LINK bm::x PUBLIC_LINK fmt::fmt)
#   makes the static library bm_common_model, alias bm::common_model. Include paths are relative to the repository.
function(bm_library folder)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PUBLIC_LINK" ${ARGN})
  string(REPLACE "/" "_" id ${folder})
  add_library(bm_${id} STATIC ${ARG_SOURCES})
  add_library(bm::${id} ALIAS bm_${id})
  target_include_directories(bm_${id} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(bm_${id} PUBLIC ${ARG_PUBLIC_LINK} PRIVATE ${ARG_LINK} bm::flags)
  bm_use_precompiled(bm_${id} bm_pch)
  bm_together(bm_${id})
endfunction()

# bm_rooms(conductor core events ...): a folder of inner folders with one static library each, and bm::conductor, which links
# all of them.
function(bm_rooms folder)
  string(REPLACE "/" "_" id ${folder})
  add_library(bm_${id} INTERFACE)
  add_library(bm::${id} ALIAS bm_${id})
  foreach(room IN LISTS ARGN)
    add_subdirectory(${room})
    target_link_libraries(bm_${id} INTERFACE bm::${id}_${room})
  endforeach()
endfunction()

# Tests of code with threads of its own also run under the thread sanitizer.
set(BM_THREADED_TESTS platform metrics http db drivers blocks conductor)
add_custom_target(unit-tests)
add_custom_target(threaded-tests)

# bm_test(conductor LINK bm::conductor): tests/conductor/*_test.cpp become the program conductor_test, run by CTest.
function(bm_test folder)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LINK;LABELS" ${ARGN})
  string(REPLACE "/" "_" id ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${id}_test ${sources})
  target_include_directories(${id}_test PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${id}_test PRIVATE ${ARG_LINK} bm_test_main Threads::Threads bm::flags)
  bm_use_precompiled(${id}_test bm_test_pch)
  bm_together(${id}_test)
  add_test(NAME ${id} COMMAND ${id}_test)
  if(id IN_LIST BM_THREADED_TESTS)
    list(APPEND ARG_LABELS threads)
    add_dependencies(threaded-tests ${id}_test)
  endif()
  set_tests_properties(${id} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  add_dependencies(unit-tests ${id}_test)
endfunction()
