# Libraries of others, each behind one interface target. Linked statically where they are large
# or many: loading gRPC's 56 shared objects alone takes 9 ms of every start.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# The static archive of a Debian -dev package.
function(hansa_archive variable name)
    find_library(${variable} NAMES lib${name}.a REQUIRED)
endfunction()

hansa_archive(HANSA_FYAML_A fyaml)
add_library(hansa_yaml INTERFACE)
target_link_libraries(hansa_yaml INTERFACE ${HANSA_FYAML_A} Threads::Threads)

hansa_archive(HANSA_BOOST_JSON_A boost_json)
hansa_archive(HANSA_BOOST_CONTAINER_A boost_container)
add_library(hansa_json INTERFACE)
target_link_libraries(hansa_json INTERFACE ${HANSA_BOOST_JSON_A} ${HANSA_BOOST_CONTAINER_A})

add_library(hansa_asio INTERFACE)
target_link_libraries(hansa_asio INTERFACE Threads::Threads)
target_compile_definitions(hansa_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)

if(HANSA_GRPC)
    pkg_check_modules(GRPC REQUIRED grpc++)
    set(hansa_grpc_archives "")
    foreach(library IN LISTS GRPC_STATIC_LIBRARIES)
        if(library STREQUAL "protobuf")
            set(library protobuf-lite)
        endif()
        find_library(HANSA_A_${library} NAMES lib${library}.a)
        if(HANSA_A_${library})
            list(APPEND hansa_grpc_archives ${HANSA_A_${library}})
        else()
            list(APPEND hansa_grpc_archives ${library})
        endif()
    endforeach()
    add_library(hansa_grpc INTERFACE)
    target_link_libraries(hansa_grpc INTERFACE
        -Wl,--start-group ${hansa_grpc_archives} -Wl,--end-group Threads::Threads)
endif()
