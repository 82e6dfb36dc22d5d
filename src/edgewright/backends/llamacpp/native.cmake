# llama.cpp's tools take more time to compile than its library: the code for arguments, chat templates and HTTP that they
# share. None of it is in a build's path, so it is optimized less, and the headers that its files share are parsed once.
# The library, the kernels, and the loops of llama-imatrix and llama-perplexity are compiled as always.
function(edgewright_compile_tools_faster)
  if(MSVC)
    return()
  endif()
  foreach(target llama-common llama-common-base cpp-httplib llama-quantize-impl llama-bench-impl)
    if(TARGET ${target})
      target_compile_options(${target} PRIVATE -O1)
    endif()
  endforeach()
  if(TARGET llama-common)
    target_precompile_headers(llama-common PRIVATE
      <nlohmann/json.hpp> <algorithm> <functional> <map> <regex> <string> <unordered_map> <vector>)
  endif()
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL edgewright_compile_tools_faster)
