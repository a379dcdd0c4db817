"""The interface of price sources, and the suite that checks one."""
