package dev.wharfinger.conformance;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.List;

/** The members of a request; what is not there reads as empty. */
record Args(Struct struct) {
  boolean has(String name) {
    Value value = value(name);
    return value.getKindCase() != Value.KindCase.KIND_NOT_SET && !value.hasNullValue();
  }

  String text(String name) {
    return value(name).getStringValue();
  }

  long number(String name) {
    return (long) value(name).getNumberValue();
  }

  double real(String name) {
    return value(name).getNumberValue();
  }

  boolean flag(String name) {
    return value(name).getBoolValue();
  }

  Args inner(String name) {
    return new Args(value(name).getStructValue());
  }

  List<String> texts(String name) {
    return value(name).getListValue().getValuesList().stream().map(Value::getStringValue).toList();
  }

  List<Args> inners(String name) {
    return value(name).getListValue().getValuesList().stream().map(Value::getStructValue).map(Args::new).toList();
  }

  private Value value(String name) {
    return struct.getFieldsOrDefault(name, Value.getDefaultInstance());
  }
}
