package dev.wharfinger.client;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;

/** Values of a program as a Struct, with what a Struct would quietly change refused. */
final class Params {
  // A Struct holds doubles; beyond this a whole number would become another one.
  private static final BigInteger LARGEST = BigInteger.valueOf((1L << 53) - 1);
  private static final int DEPTH = 100;

  private Params() {}

  /** {@code values}: a record, a map, a Struct, or null for none. Throws IllegalArgumentException that names the place. */
  static Struct struct(Object values) {
    if (values == null) {
      return Struct.getDefaultInstance();
    }
    Value value = value(values, "params", 0);
    if (!value.hasStructValue()) {
      throw wrong("params", "is a " + values.getClass().getSimpleName() + "; give a record or a map of names to values");
    }
    return value.getStructValue();
  }

  private static Value value(Object given, String path, int depth) {
    if (depth > DEPTH) {
      throw wrong(path, "is nested deeper than " + DEPTH + " levels");
    }
    if (given instanceof Optional<?> optional) {
      return value(optional.orElse(null), path, depth);
    }
    Value.Builder value = Value.newBuilder();
    if (given == null) {
      value.setNullValue(NullValue.NULL_VALUE);
    } else if (given instanceof Value ready) {
      return ready;
    } else if (given instanceof Struct ready) {
      value.setStructValue(ready);
    } else if (given instanceof Boolean bool) {
      value.setBoolValue(bool);
    } else if (given instanceof Number number) {
      value.setNumberValue(number(number, path));
    } else if (given instanceof CharSequence || given instanceof Character) {
      value.setStringValue(text(given.toString(), path));
    } else if (given instanceof Enum<?> constant) {
      value.setStringValue(constant.name());
    } else if (given instanceof Map<?, ?> map) {
      value.setStructValue(map(map, path, depth));
    } else if (given instanceof Iterable<?> list) {
      ListValue.Builder items = ListValue.newBuilder();
      for (Object item : list) {
        items.addValues(value(item, path + "[" + items.getValuesCount() + "]", depth + 1));
      }
      value.setListValue(items);
    } else if (given.getClass().isArray()) {
      ListValue.Builder items = ListValue.newBuilder();
      for (int i = 0; i < Array.getLength(given); i++) {
        items.addValues(value(Array.get(given, i), path + "[" + i + "]", depth + 1));
      }
      value.setListValue(items);
    } else if (given instanceof Record) {
      value.setStructValue(record(given, path, depth));
    } else {
      throw wrong(
          path,
          given.getClass().getName() + " is nothing that JSON has; send text, numbers, booleans, lists, maps or records");
    }
    return value.build();
  }

  private static Struct map(Map<?, ?> map, String path, int depth) {
    Struct.Builder struct = Struct.newBuilder();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof CharSequence || key instanceof Enum<?>)) {
            throw wrong(path, "has the key " + key + ", which is no text");
          }
          String name = key instanceof Enum<?> constant ? constant.name() : key.toString();
          struct.putFields(text(name, path), value(value, path + "." + name, depth + 1));
        });
    return struct.build();
  }

  /** A component that is an empty Optional is left out; one that is null is null. */
  private static Struct record(Object given, String path, int depth) {
    Struct.Builder struct = Struct.newBuilder();
    for (RecordComponent component : given.getClass().getRecordComponents()) {
      String name = name(component);
      Object value;
      try {
        component.getAccessor().setAccessible(true);
        value = component.getAccessor().invoke(given);
      } catch (IllegalAccessException | InvocationTargetException | RuntimeException error) {
        throw new IllegalArgumentException(path + "." + name + " can't be read: " + error, error);
      }
      if (!(value instanceof Optional<?> optional && optional.isEmpty())) {
        struct.putFields(name, value(value, path + "." + name, depth + 1));
      }
    }
    return struct.build();
  }

  static String name(RecordComponent component) {
    JsonName given = component.getAnnotation(JsonName.class);
    return given == null ? component.getName() : given.value();
  }

  private static double number(Number number, String path) {
    if (number instanceof Double || number instanceof Float) {
      if (!Double.isFinite(number.doubleValue())) {
        throw wrong(path, "is " + number + ", no number that JSON has");
      }
      return number.doubleValue();
    }
    boolean whole = number instanceof Long || number instanceof BigInteger;
    if (whole && new BigInteger(number.toString()).abs().compareTo(LARGEST) > 0) {
      throw wrong(path, "is " + number + ": whole numbers beyond 2^53-1 would be changed on the way; send a string");
    }
    return number.doubleValue();
  }

  private static String text(String text, String path) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        throw wrong(path, "has half a character in it (a lone surrogate), which can't be sent");
      }
    }
    return text;
  }

  private static IllegalArgumentException wrong(String path, String what) {
    return new IllegalArgumentException(path + " " + what);
  }
}
