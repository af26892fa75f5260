;; The smallest component that `wasmtime serve` accepts: it never answers, so the host does, with 500.
(component
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $outparam))
  (core module $m (func (export "handle") (param i32 i32)))
  (core instance $i (instantiate $m))
  (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))
    (canon lift (core func $i "handle")))
  ;; Functions of an exported interface can only name types of that interface: hence a second component.
  (component $interface
    (import "request" (type $request (sub resource)))
    (import "outparam" (type $outparam (sub resource)))
    (import "handle" (func $handle (param "request" (own $request)) (param "response-out" (own $outparam))))
    (export $r "incoming-request" (type $request))
    (export $o "response-outparam" (type $outparam))
    (export "handle" (func $handle) (func (param "request" (own $r)) (param "response-out" (own $o)))))
  (instance $handler (instantiate $interface
    (with "request" (type $request)) (with "outparam" (type $outparam)) (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))
