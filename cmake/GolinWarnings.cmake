# SPDX-License-Identifier: BSD-2-Clause
# golin_target(name): warnings, hardening and sanitizers for one of golin's targets.
function(golin_target name)
  target_compile_options(${name} PRIVATE
    -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
    -Wno-unused-parameter -fstack-protector-strong)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  if(GOLIN_WERROR)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
  if(GOLIN_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${GOLIN_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${name} PRIVATE -fsanitize=${GOLIN_SANITIZE})
  elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
    target_compile_options(${name} PRIVATE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  endif()
  get_target_property(type ${name} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_link_options(${name} PRIVATE -Wl,-z,relro,-z,now)
  endif()
endfunction()
